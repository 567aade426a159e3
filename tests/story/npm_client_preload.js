// Points an unmodified AWS client at the local AWS: every HTTPS request to *.amazonaws.com goes to
// ROLLBACKLAB_ENDPOINT over HTTP. The Host header stays what it was, so that signatures stay right.
// Use: NODE_OPTIONS="--require /path/to/npm_client_preload.js"
"use strict";

const http = require("http");
const https = require("https");

const endpoint = new URL(process.env.ROLLBACKLAB_ENDPOINT);

function withOptions(args) {
  const rest = [...args];
  const first = rest.shift();
  const isUrl = typeof first === "string" || first instanceof URL;
  const url = isUrl ? new URL(first) : null;
  const given = isUrl ? (typeof rest[0] === "object" && rest[0] !== null ? rest.shift() : {}) : first;
  const base = url ? { hostname: url.hostname, path: url.pathname + url.search, method: "GET" } : {};
  return [{ ...base, ...given }, rest[0]];
}

function redirect(native) {
  return function request(...args) {
    const [options, callback] = withOptions(args);
    const host = options.hostname || (options.host || "").replace(/:\d+$/, "");
    if (!host.endsWith(".amazonaws.com")) return native.apply(https, args);
    const headers = { ...options.headers };
    if (!Object.keys(headers).some((name) => name.toLowerCase() === "host")) headers.Host = host;
    const { agent, protocol, port, servername, ...kept } = options;
    return http.request(
      { ...kept, headers, protocol: "http:", hostname: endpoint.hostname, host: endpoint.hostname, port: endpoint.port },
      callback
    );
  };
}

https.request = redirect(https.request);
https.get = function get(...args) {
  const request = https.request(...args);
  request.end();
  return request;
};
