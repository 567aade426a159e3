/**
 * The console of a function: each call is one event of its log, however many lines it has.
 *
 * Text is "<time>\t<request id>\t<LEVEL>\t<text>"; the request id is "undefined" while the function is initialised,
 * as on AWS. With the log format JSON each event is an object. Events are framed, so that a line end within one does
 * not part it; see ../output.py for the frames. What a function writes to process.stdout itself is none of ours.
 */

import { writeSync } from 'node:fs';
import { format } from 'node:util';
import { asError, logged } from './errors.mjs';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const TEXT_FRAME = 0xa55a0003;
const JSON_FRAME = 0xa55a0002;
const HEADER_BYTES = 16;
const RETRY_MS = 1;

const requestId = Symbol.for('aws.lambda.runtime.requestId');
const idle = new Int32Array(new SharedArrayBuffer(4));

/** Say which invocation the lines to come belong to. */
export function setRequestId(id) {
  globalThis[requestId] = id;
}

/**
 * Replace the console's methods by those of Lambda.
 * @param {object} settings
 * @param {number} settings.descriptor where frames go
 * @param {boolean} settings.json whether events are JSON
 * @param {string | undefined} settings.level the lowest level that is logged
 * @returns {(what: string, thrown: unknown) => void} logs an error of the runtime's own
 */
export function patchConsole({ descriptor, json, level }) {
  const lowest = Math.max(0, LEVELS.indexOf(level?.toUpperCase()));
  const write = frameWriter(descriptor, json);
  for (const [index, name] of LEVELS.entries()) {
    const isLogged = index >= lowest || name === 'FATAL';
    console[name.toLowerCase()] = isLogged ? (message, ...more) => write(index, message, ...more) : () => {};
  }
  console.log = console.info;
  if (json) return (_, thrown) => console.error(asError(thrown));
  return (what, thrown) => console.error(what, logged(asError(thrown)));
}

function frameWriter(descriptor, json) {
  const shape = json ? asJson : asText;
  const frame = json ? JSON_FRAME : TEXT_FRAME;
  return (index, ...message) => {
    const now = new Date();
    const event = Buffer.from(shape(now.toISOString(), LEVELS[index], message));
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE((frame | ((index + 1) << 2)) >>> 0, 0);
    header.writeUInt32BE(event.length, 4);
    header.writeBigInt64BE(BigInt(now.valueOf()) * 1000n, 8);
    writeAll(descriptor, Buffer.concat([header, event]));
  };
}

function asText(time, level, message) {
  return `${time}\t${globalThis[requestId]}\t${level}\t${format(...message)}\n`;
}

function asJson(time, level, message) {
  const event = { timestamp: time, level, requestId: globalThis[requestId] };
  if (message.length === 1) {
    try {
      return JSON.stringify({ ...event, message: message[0] }, (_, value) => errorInJson(value));
    } catch {
      return JSON.stringify({ ...event, message: format(message[0]) });
    }
  }
  const error = message.find((part) => part instanceof Error);
  return JSON.stringify({ ...event, message: format(...message), ...(error && described(error)) });
}

function errorInJson(value) {
  return value instanceof Error ? { ...described(value), ...value } : value;
}

function described(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : error.stack,
  };
}

/**
 * Have process.stdout and process.stderr wait until what is written has been taken, as text of a log should: nothing
 * may be left over when the process waits for the next invocation, or ends. They are made when first asked for.
 */
export function makeOutputWait() {
  for (const name of ['stdout', 'stderr']) {
    const made = Object.getOwnPropertyDescriptor(process, name).get;
    const get = () => {
      const stream = made.call(process);
      stream._handle?.setBlocking?.(true);
      Object.defineProperty(process, name, { configurable: true, enumerable: true, get: made });
      return stream;
    };
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get });
  }
}

/** Write all of it, in order: the pipe may be full for a moment, and process.stdout may have made it non-blocking. */
export function writeAll(descriptor, data) {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(descriptor, data, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(idle, 0, 0, RETRY_MS);
    }
  }
}
