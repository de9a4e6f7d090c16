// Node requires this before jsii's program: docs/decisions/0003. Where a file is not the one that is
// expected, Node loads what it would have loaded without.
"use strict";
const fs = require("fs");
const Module = require("module");
const os = require("os");
const path = require("path");

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const file = resolve.call(this, request, ...rest);
  if (/^@cdkt[fn]\/provider-/.test(request)) return lazyIndex(file);
  return request === process.argv[1] ? kernel(file) : file;
};

// A provider's resources one by one, on first use, instead of all 1,500 at once: every prebuilt
// provider ships lib/lazy-index.js beside lib/index.js.
function lazyIndex(file) {
  const lazy = path.join(path.dirname(file), "lazy-index.js");
  return path.basename(file) === "index.js" && fs.existsSync(lazy) ? lazy : file;
}

// jsii starts a process that starts another one, the kernel, and passes on every message between
// it and Python. The kernel can do without: this process becomes it.
function kernel(file) {
  const program = path.join(path.dirname(file), "..", "lib", "program.js");
  if (path.basename(file) !== "jsii-runtime.js" || !fs.existsSync(program)) return file;
  process.execArgv.push("--preserve-symlinks"); // the kernel looks here; NODE_OPTIONS has it
  takeTheChannel();
  wrapOutput("stdout");
  wrapOutput("stderr");
  return program;
}

// The kernel reads and writes descriptor 3; Python is at 0 and 1.
function takeTheChannel() {
  const CHANNEL = 3;
  const opened = fs.openSync(os.devNull);
  if (opened !== CHANNEL) fs.closeSync(opened); // else it stays, so that no file gets the number
  const { readSync, writeSync } = fs;
  fs.readSync = (from, ...rest) => readSync(from === CHANNEL ? 0 : from, ...rest);
  fs.writeSync = (to, ...rest) => writeSync(to === CHANNEL ? 1 : to, ...rest);
}

// Python takes what JavaScript prints from stderr, as lines of JSON.
function wrapOutput(name) {
  process[name].write = (data, encoding, done) => {
    const text = Buffer.from(data, typeof encoding === "string" ? encoding : "utf8");
    fs.writeSync(2, `${JSON.stringify({ [name]: text.toString("base64") })}\n`);
    const callback = typeof encoding === "function" ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  };
}
