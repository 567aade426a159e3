/**
 * As much of a DynamoDB client as this app needs, in nothing but Node.js: the AWS SDK is not everywhere.
 *
 * A request to AWS is signed with Signature Version 4: the request is written down in one fixed form, and that text is
 * signed with a key that is made from the secret, for one day, one region and one service.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

import { createHash, createHmac } from 'node:crypto';

const REGION = process.env.AWS_REGION;
const ENDPOINT = new URL(process.env.AWS_ENDPOINT_URL ?? `https://dynamodb.${REGION}.amazonaws.com`);

/** Write an item, over one of the same key if there is one. */
export function putItem(tableName, item) {
  return call('PutItem', { TableName: tableName, Item: asAttributes(item) });
}

/** DynamoDB's way to write values: each with its type. */
function asAttributes(item) {
  const typed = (value) => {
    if (value === null) return { NULL: true };
    return typeof value === 'number' ? { N: String(value) } : { S: value };
  };
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, typed(value)]));
}

async function call(operation, parameters) {
  const body = JSON.stringify(parameters);
  const headers = signed(body, {
    'content-type': 'application/x-amz-json-1.0',
    host: ENDPOINT.host,
    'x-amz-date': new Date().toISOString().replace(/[:-]|\.\d+/g, ''), // 20261123T160000Z
    'x-amz-security-token': process.env.AWS_SESSION_TOKEN,
    'x-amz-target': `DynamoDB_20120810.${operation}`,
  });
  const answer = await fetch(ENDPOINT, { method: 'POST', headers, body });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${operation}: ${told.__type} ${told.message ?? told.Message}`);
  return told;
}

/** Add the signature to a request's headers, which are in the order of their names. */
function signed(body, headers) {
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const request = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n');

  const time = headers['x-amz-date'];
  const day = time.slice(0, 8);
  const scope = `${day}/${REGION}/dynamodb/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n');

  const steps = [day, REGION, 'dynamodb', 'aws4_request'];
  const key = steps.reduce(hmac, `AWS4${process.env.AWS_SECRET_ACCESS_KEY}`);
  const credential = `${process.env.AWS_ACCESS_KEY_ID}/${scope}`;
  const signature = hmac(key, text).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key, text) {
  return createHmac('sha256', key).update(text).digest();
}
