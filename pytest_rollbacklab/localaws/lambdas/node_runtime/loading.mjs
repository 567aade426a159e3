/**
 * From a handler's name to the function: CommonJS and ES modules, found where Lambda's Node.js runtimes look for them.
 *
 * The order is AWS's: the very name, .js (an ES module when the nearest package.json says so), .mjs, .cjs, and at last
 * as a package. What keeps a module from loading is told under AWS's names. One thing is this machine's: AWS brings
 * its SDK along, which is not here; a module that misses it is told where to get it.
 */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeAll } from './console.mjs';
import {
  CallbackHandlerDeprecated,
  HandlerNotFound,
  ImportModuleError,
  MalformedHandlerName,
  MalformedStreamingHandler,
  UserCodeSyntaxError,
} from './errors.mjs';

const STDOUT = 1;
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const SDK = /Cannot find (?:module|package) '((?:@aws-sdk|@smithy)\/[^']+|aws-sdk)'/;
const NO_CALLBACKS =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to ' +
  'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';
const CALLBACKS_WILL_GO =
  'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24. You will need to ' +
  'update this function to use an async handler to use Node.js 24 or later. For more information and to provide ' +
  'feedback on this change, see https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/137. To ' +
  'disable this warning, set the AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING environment variable.';

const require = createRequire(import.meta.url);

/**
 * Load a function's handler.
 * @param {string} root the package's directory
 * @param {string} name the handler as configured: functions/create.main
 * @returns {Promise<Function>}
 */
export async function loadHandler(root, name) {
  if (name.includes('..')) {
    throw new MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const file = path.basename(name);
  const directory = name.slice(0, name.indexOf(file));
  const dot = file.indexOf('.');
  if (dot < 0) throw new MalformedHandlerName('Bad handler');
  offerStreaming();
  const loaded = await loadModule(root, directory, file.slice(0, dot));
  const handler = file
    .slice(dot + 1)
    .split('.')
    .reduce((object, key) => object && object[key], loaded);
  if (!handler) throw new HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new HandlerNotFound(`${name} is not a function`);
  return handler;
}

/** Refuse, or warn of, what a handler's signature asks for and the runtime does not give. */
export function checkSignature(handler, { callbacks }) {
  if (handler[STREAMING]) {
    throw new MalformedStreamingHandler(
      'This local AWS does not emulate response streaming (awslambda.streamifyResponse). Return the whole response ' +
        'from the handler instead.',
    );
  }
  if (!callbacks && handler.length >= 3) throw new CallbackHandlerDeprecated(NO_CALLBACKS);
  const silenced = process.env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING !== undefined;
  if (handler.length === 3 && !isAsync(handler) && !silenced) console.warn(CALLBACKS_WILL_GO);
}

/** Say whether a function was written with async. */
export function isAsync(handler) {
  return handler.constructor?.name === 'AsyncFunction';
}

function offerStreaming() {
  globalThis.awslambda = {
    streamifyResponse(handler) {
      handler[STREAMING] = 'response';
      return handler;
    },
  };
}

async function loadModule(root, directory, name) {
  try {
    return await findModule(root, directory, name);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    const sdk = SDK.exec(error?.message)?.[1];
    if (sdk) {
      writeAll(
        STDOUT,
        Buffer.from(
          `[rollbacklab] AWS's Node.js runtimes bring ${sdk} along, this machine does not: put it into the package.\n`,
        ),
      );
    }
    if (error?.code === 'MODULE_NOT_FOUND' || sdk) throw new ImportModuleError(error);
    throw error;
  }
}

async function findModule(root, directory, name) {
  const file = path.resolve(root, directory, name);
  const isModule = existsSync(`${file}.js`) && saysModule(path.dirname(file));
  return (
    requireFile(file) ||
    (isModule ? await importFile(`${file}.js`) : requireFile(`${file}.js`)) ||
    (await importFile(`${file}.mjs`)) ||
    requireFile(`${file}.cjs`) ||
    require(require.resolve(name, { paths: [root, directory] }))
  );
}

function requireFile(file) {
  return existsSync(file) ? require(file) : undefined;
}

async function importFile(file) {
  return existsSync(file) ? await import(pathToFileURL(file)) : undefined;
}

/** Say whether the nearest package.json makes .js files ES modules. */
function saysModule(directory) {
  if (path.basename(directory) === 'node_modules') return false;
  const file = path.join(directory, 'package.json');
  if (existsSync(file)) {
    try {
      return JSON.parse(readFileSync(file, 'utf8'))?.type === 'module';
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const above = path.dirname(directory);
  return above !== directory && saysModule(above);
}
