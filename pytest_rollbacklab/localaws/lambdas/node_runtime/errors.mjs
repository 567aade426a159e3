/**
 * Errors as Lambda's Node.js runtimes tell them: to the caller (errorType, errorMessage, trace) and in the log.
 *
 * The names are what alarms and metric filters look for, so they are AWS's: Runtime.ImportModuleError and the like.
 */

import { types } from 'node:util';

const DEL = /\x7f/g;

function runtimeError(name) {
  const named = { [name]: class extends Error {} }[name];
  named.prototype.name = `Runtime.${name}`;
  return named;
}

export const ImportModuleError = runtimeError('ImportModuleError');
export const HandlerNotFound = runtimeError('HandlerNotFound');
export const MalformedHandlerName = runtimeError('MalformedHandlerName');
export const UserCodeSyntaxError = runtimeError('UserCodeSyntaxError');
export const MalformedStreamingHandler = runtimeError('MalformedStreamingHandler');
export const CallbackHandlerDeprecated = runtimeError('CallbackHandlerDeprecated');

export class JSONStringifyError extends runtimeError('JSONStringifyError') {
  constructor() {
    super('Unable to stringify response body');
  }
}

export class NodeJsExit extends runtimeError('NodeJsExit') {
  constructor() {
    super(
      'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise ' +
        'that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes',
    );
  }
}

export class UnhandledPromiseRejection extends runtimeError('UnhandledPromiseRejection') {
  constructor(reason, promise) {
    super(reason);
    this.reason = reason;
    this.promise = promise;
  }
}

/** Return what was thrown as an error: anything can be thrown. */
export function asError(thrown) {
  return thrown instanceof Error ? thrown : new Error(thrown);
}

/** Return what the caller is told of what was thrown. */
export function told(thrown) {
  try {
    if (types.isNativeError(thrown) || looksLikeError(thrown)) {
      return {
        errorType: clean(thrown.name),
        errorMessage: clean(thrown.message),
        trace: clean(thrown.stack).split('\n'),
      };
    }
    return { errorType: typeof thrown, errorMessage: thrown.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, ' +
        'name, and stack',
    };
  }
}

/** Return an error as the log shows it: a tab, and JSON with the error's own properties. */
export function logged(error) {
  try {
    return `\t${JSON.stringify(error, (_, value) => (value instanceof Error ? properties(value) : value))}`;
  } catch {
    return `\t${JSON.stringify(told(error))}`;
  }
}

function properties(error) {
  const all = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  if (typeof error.stack === 'string') all.stack = error.stack.split('\n');
  return all;
}

function looksLikeError(value) {
  const isText = (member) => typeof value?.[member] === 'string' && value[member] !== '';
  return isText('name') && isText('message') && isText('stack');
}

function clean(text) {
  return text?.replace(DEL, '%7F');
}
