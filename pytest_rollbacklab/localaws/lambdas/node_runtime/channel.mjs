/**
 * The Lambda Runtime API over one connection, which was open before this process began.
 *
 * Every call waits for its answer with the whole process. That is the one thing that a client for Lambda can do
 * better than one for the web: while the next invocation is awaited, nothing of this process runs, no timer and no
 * promise, as on AWS, where the environment is frozen then. It is also quicker than an event loop's HTTP.
 *
 * Follows "Using the Lambda runtime API". It knows answers with a Content-Length alone, which is all that it gets.
 */

import { readSync, writeSync } from 'node:fs';

const HEADERS_END = Buffer.from('\r\n\r\n');
const PIECE_BYTES = 64 * 1024;
/** How an error is refused that comes too late, or is too long: it changes nothing then. */
const ALREADY_ANSWERED = [400, 403, 413];

/** What an answer said that had to be 2xx and was not. */
export class RuntimeApiError extends Error {}

export class Channel {
  /**
   * @param {number} descriptor of a connected socket, which blocks
   * @param {string} host as in the Host header
   */
  constructor(descriptor, host) {
    this.descriptor = descriptor;
    this.host = host;
    this.piece = Buffer.allocUnsafe(PIECE_BYTES);
    this.unread = Buffer.alloc(0);
  }

  /** Wait for an invocation; return its headers, by lower-case name, and its payload as text. */
  next() {
    const { headers, body } = this.#call('GET', '/runtime/invocation/next');
    return { headers, payload: body.toString('utf8') };
  }

  /** Answer an invocation. An answer that is too long is refused, and Lambda knows that by itself. */
  respond(requestId, body) {
    this.#call('POST', `/runtime/invocation/${encodeURIComponent(requestId)}/response`, body, {}, [413]);
  }

  /** Say that an invocation failed. */
  fail(requestId, error) {
    this.#fail(`/runtime/invocation/${encodeURIComponent(requestId)}/error`, error);
  }

  /** Say that the function could not be initialised. */
  failToInitialise(error) {
    this.#fail('/runtime/init/error', error);
  }

  #fail(path, error) {
    const type = String(error.errorType).replace(/[^\x20-\x7e]/g, '?');
    const headers = { 'Lambda-Runtime-Function-Error-Type': type };
    this.#call('POST', path, JSON.stringify(error), headers, ALREADY_ANSWERED);
  }

  #call(method, path, body, headers = {}, accepted = []) {
    const content = Buffer.from(body ?? '');
    const lines = [`${method} /2018-06-01${path} HTTP/1.1`, `Host: ${this.host}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (method === 'POST') lines.push('Content-Type: application/json', `Content-Length: ${content.length}`);
    this.#write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content]));
    const answer = this.#answer();
    if (Math.floor(answer.status / 100) !== 2 && !accepted.includes(answer.status)) {
      throw new RuntimeApiError(`${method} ${path}: ${answer.status} ${answer.body}`);
    }
    return answer;
  }

  #answer() {
    let end;
    while ((end = this.unread.indexOf(HEADERS_END)) < 0) this.#read();
    const [first, ...lines] = this.unread.toString('latin1', 0, end).split('\r\n');
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const size = Number(headers['content-length'] ?? 0);
    const from = end + HEADERS_END.length;
    const body = this.#take(from, size);
    return { status: Number(first.split(' ')[1]), headers, body };
  }

  /** Take a body from what has been read, and read the rest of it into a place of its own. */
  #take(from, size) {
    const body = Buffer.allocUnsafe(size);
    let held = this.unread.copy(body, 0, from);
    this.unread = this.unread.subarray(Math.min(from + size, this.unread.length));
    while (held < size) held += this.#received(readSync(this.descriptor, body, held, size - held, null));
    return body;
  }

  #read() {
    const size = this.#received(readSync(this.descriptor, this.piece, 0, PIECE_BYTES, null));
    this.unread = Buffer.concat([this.unread, this.piece.subarray(0, size)]);
  }

  /** Lambda has hung up: nobody waits for this process any more. */
  #received(size) {
    if (size === 0) process.reallyExit(1);
    return size;
  }

  #write(data) {
    for (let at = 0; at < data.length; ) at += writeSync(this.descriptor, data, at);
  }
}
