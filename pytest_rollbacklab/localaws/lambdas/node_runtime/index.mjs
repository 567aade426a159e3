/**
 * The loop of a function's process: an invocation, the handler, an answer, the next invocation.
 *
 * Until Node.js 24 an answer ends an invocation whether or not the handler has returned, a handler that is not async
 * and never answers is answered with null once the event loop is empty, and an async one fails with
 * Runtime.NodeJsExit. From Node.js 24 on a handler returns its answer, or a promise of it, and nothing else counts.
 * Names of this file, its class and its methods are those that stack traces show on AWS.
 */

import { setRequestId } from './console.mjs';
import { answering, invocationContext, onIdle } from './context.mjs';
import { JSONStringifyError, NodeJsExit, told } from './errors.mjs';
import { isAsync } from './loading.mjs';

export class Runtime {
  /**
   * @param {object} parts
   * @param {import('./channel.mjs').Channel} parts.channel
   * @param {Function} parts.handler
   * @param {boolean} parts.callbacks whether a handler may answer by a callback
   * @param {(what: string, thrown: unknown) => void} parts.logError
   */
  constructor({ channel, handler, callbacks, logError }) {
    this.channel = channel;
    this.handler = handler;
    this.callbacks = callbacks;
    this.logError = logError;
    this.requestId = undefined;
  }

  /** Take an invocation as soon as what is at hand is done. */
  scheduleIteration() {
    setImmediate(() => (this.callbacks ? this.handleOnceNonStreaming() : this.processInvoke()));
  }

  async handleOnceNonStreaming() {
    const { headers, payload } = await this.next();
    const { callback, context } = answering({
      succeed: (result) => this.succeed(result),
      fail: (thrown) => this.fail(thrown),
    });
    onIdle(() => context.done(isAsync(this.handler) ? new NodeJsExit() : null, null));
    try {
      const result = this.handler(JSON.parse(payload), Object.assign(context, invocationContext(headers)), callback);
      if (typeof result?.then === 'function') result.then(context.succeed, context.fail).catch(context.fail);
    } catch (error) {
      callback(error);
    }
  }

  async processInvoke() {
    const { headers, payload } = await this.next();
    onIdle(() => this.fail(new NodeJsExit()));
    try {
      const result = await this.handler(JSON.parse(payload), invocationContext(headers));
      onIdle(() => {});
      this.succeed(result);
    } catch (error) {
      onIdle(() => {});
      this.fail(error);
    }
  }

  /** Wait for an invocation: the process does nothing else meanwhile. */
  next() {
    const invocation = this.channel.next();
    this.requestId = invocation.headers['lambda-runtime-aws-request-id'];
    setRequestId(this.requestId);
    return invocation;
  }

  /** Answer the invocation. What JSON cannot tell fails it. */
  succeed(result) {
    let body;
    try {
      body = JSON.stringify(result === undefined ? null : result);
    } catch {
      this.fail(this.callbacks ? new Error('Unable to stringify response body') : new JSONStringifyError());
      return;
    }
    this.channel.respond(this.requestId, body);
    this.scheduleIteration();
  }

  /** Log an error that the handler gave, and tell it. */
  fail(thrown) {
    this.logError('Invoke Error', thrown);
    this.channel.fail(this.requestId, told(thrown));
    this.scheduleIteration();
  }
}
