/**
 * What a handler is given besides the event: the context, and until Node.js 24 the callback.
 *
 * Only the first answer counts, whichever way it comes: by the callback, by context.done and its kin, or by a promise.
 * A callback's answer waits until the event loop is empty, unless context.callbackWaitsForEmptyEventLoop is false.
 */

import { asError } from './errors.mjs';

const nothing = () => {};
let whenIdle = nothing;
process.on('beforeExit', () => whenIdle());

/** Have a function called when the process has nothing left to do; it takes the place of the one before. */
export function onIdle(action) {
  whenIdle = action;
}

/** Build the part of a context that says what is invoked, and pass the trace on. */
export function invocationContext(headers) {
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed(headers['lambda-runtime-client-context'], 'ClientContext'),
    identity: parsed(headers['lambda-runtime-cognito-identity'], 'CognitoIdentity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    getRemainingTimeInMillis() {
      return deadline - Date.now();
    },
  };
}

/**
 * Build the callback, and the part of a context that answers.
 * @param {object} answers
 * @param {(result: unknown) => void} answers.succeed
 * @param {(thrown: unknown) => void} answers.fail
 */
export function answering({ succeed, fail }) {
  let waits = true;
  let answered = false;
  const first = (answer) => (...values) => {
    if (answered) return;
    answered = true;
    onIdle(nothing);
    answer(...values);
  };
  const isError = (thrown) => thrown !== undefined && thrown !== null;
  const done = (thrown, result) => (isError(thrown) ? fail(thrown) : succeed(result));
  const callback = first((thrown, result) => {
    if (isError(thrown)) fail(thrown);
    else if (waits) onIdle(() => setImmediate(succeed, result));
    else succeed(result);
  });
  const context = {
    get callbackWaitsForEmptyEventLoop() {
      return waits;
    },
    set callbackWaitsForEmptyEventLoop(value) {
      waits = value;
    },
    succeed: first((result) => done(null, result)),
    fail: first((thrown) => fail(isError(thrown) ? thrown : 'handled')),
    done: first(done),
  };
  return { callback, context };
}

function parsed(json, name) {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw asError(`Cannot parse ${name} as json: ${error}`);
  }
}
