import { randomUUID } from 'node:crypto';

import { putItem } from './dynamodb.js';

const HEADERS = { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' };

/** POST /notes: keep a new note of the caller's. */
export async function main(event) {
  const { note: written, error } = read(event.body);
  if (error) return answer(400, { error });
  const note = {
    userId: event.requestContext.identity.cognitoIdentityId,
    noteId: randomUUID(),
    content: written.content,
    attachment: written.attachment ?? null,
    createdAt: Date.now(),
  };
  await putItem(process.env.TABLE_NAME, note);
  return answer(200, note);
}

/** Return the note in a request's body, or what is wrong with it. */
function read(body) {
  let note;
  try {
    note = JSON.parse(body);
  } catch {
    return { error: 'the body is not JSON' };
  }
  if (typeof note?.content !== 'string') return { error: 'a note needs a text as its content' };
  if (!['string', 'undefined'].includes(typeof (note.attachment ?? undefined))) {
    return { error: "a note's attachment is the name of a file, or null" };
  }
  return { note };
}

/** Return an answer as API Gateway's proxy integration wants it. */
function answer(statusCode, body) {
  return { statusCode, headers: HEADERS, body: JSON.stringify(body) };
}
