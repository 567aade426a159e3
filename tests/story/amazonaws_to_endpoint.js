/*
 * Loaded before a Node program (NODE_OPTIONS="--require <this file>"), so that AWS SDK v2, which does not read
 * AWS_ENDPOINT_URL, reaches the AWS that answers there. The program itself stays as it came from npm.
 *
 * A request to https://*.amazonaws.com goes to the endpoint over plain HTTP, with the Host header, the path, the other
 * headers and the body that were meant for AWS: a signature covers the Host, and the endpoint tells by it who is asked.
 * A request to any other host is refused: a program under test has nobody else to talk to.
 *
 * It covers what is built on http.request and https.request (AWS SDK v2, axios, follow-redirects), not fetch.
 */
"use strict";

const http = require("http");
const https = require("https");
const { urlToHttpOptions } = require("url");

const endpoint = new URL(process.env.AWS_ENDPOINT_URL);

/* request(url[, options][, callback]) and request(options[, callback]) are both Node's own. */
function readArguments(args) {
  const rest = Array.from(args);
  const address = typeof rest[0] === "string" || rest[0] instanceof URL ? new URL(rest.shift()) : null;
  const options = rest[0] !== null && typeof rest[0] === "object" ? rest.shift() : {};
  return { options: { ...(address && urlToHttpOptions(address)), ...options }, callback: rest[0] };
}

function redirected(options) {
  const { hostname, host, port, ...kept } = options;
  const meant = (hostname || host || "localhost").split(":")[0];
  if (!meant.endsWith(".amazonaws.com")) {
    throw new Error(`refused: ${meant} is not AWS, and requests leave this machine for nobody`);
  }
  const headers = { ...kept.headers };
  if (!Object.keys(headers).some((name) => name.toLowerCase() === "host")) {
    headers.Host = port && Number(port) !== 443 ? `${meant}:${port}` : meant;
  }
  // The agent keeps TLS connections; Node's default one for HTTP takes its place.
  return { ...kept, protocol: "http:", hostname: endpoint.hostname, port: endpoint.port, headers, agent: undefined };
}

const send = http.request;

http.request = https.request = function request(...args) {
  const { options, callback } = readArguments(args);
  return send.call(http, redirected(options), callback);
};

http.get = https.get = function get(...args) {
  const request = https.request(...args);
  request.end();
  return request;
};
