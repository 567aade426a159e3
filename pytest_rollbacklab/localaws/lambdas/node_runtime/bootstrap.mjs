/**
 * A Node.js function's process: node bootstrap.mjs, with its package as working directory.
 *
 * What is passed for this file alone leaves the environment variables before the function's code is loaded. What
 * becomes of an error depends on when it comes: until the first invocation is taken it is the initialisation's, then the invocation's; one
 * that nobody caught ends the process, as on AWS (exit status 129, or 128 for a promise).
 */

import { Channel } from './channel.mjs';
import { makeOutputWait, patchConsole } from './console.mjs';
import { UnhandledPromiseRejection, told } from './errors.mjs';
import { checkSignature, loadHandler } from './loading.mjs';
import { Runtime } from './index.mjs';

const FIRST_WITHOUT_CALLBACKS = 24;
const LAST_WITH_CERTIFICATES = 18;
const UNCAUGHT_STATUS = 129;
const UNHANDLED_STATUS = 128;

function takeVariable(name) {
  const value = process.env[name];
  delete process.env[name];
  return value;
}

const logError = patchConsole({
  descriptor: Number(takeVariable('_LAMBDA_TELEMETRY_LOG_FD')),
  json: process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON',
  level: process.env.AWS_LAMBDA_LOG_LEVEL,
});
makeOutputWait();
const channel = new Channel(Number(takeVariable('_ROLLBACKLAB_RUNTIME_API_FD')), process.env.AWS_LAMBDA_RUNTIME_API);
let runtime;

function endWith(error, status) {
  const requestId = runtime?.requestId;
  if (requestId === undefined) channel.failToInitialise(told(error));
  else channel.fail(requestId, told(error));
  process.exit(status);
}

process.on('uncaughtException', (error) => {
  logError('Uncaught Exception', error);
  endWith(error, UNCAUGHT_STATUS);
});
process.on('unhandledRejection', (reason, promise) => {
  const error = new UnhandledPromiseRejection(reason, promise);
  logError('Unhandled Promise Rejection', error);
  endWith(error, UNHANDLED_STATUS);
});

const major = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)?.[1]);
const callbacks = !(major >= FIRST_WITHOUT_CALLBACKS);
// As recorded. Set this late, since the file is not here and Node.js would say so at its start.
if (major <= LAST_WITH_CERTIFICATES) process.env.NODE_EXTRA_CA_CERTS ??= '/var/runtime/ca-cert.pem';
try {
  const handler = await loadHandler(process.cwd(), process.env._HANDLER);
  checkSignature(handler, { callbacks });
  runtime = new Runtime({ channel, handler, callbacks, logError });
  runtime.scheduleIteration();
} catch (error) {
  process.emit('uncaughtException', error);
}
