// Makes Node load a provider's resources one by one, on first use, instead of all 1,500 at once.
// Each prebuilt provider ships lib/lazy-index.js beside lib/index.js; where it does not, nothing changes.
"use strict";
const { existsSync } = require("fs");
const Module = require("module");
const path = require("path");

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const file = resolve.call(this, request, ...rest);
  if (!request.startsWith("@cdktf/provider-")) return file;
  const lazy = path.join(path.dirname(file), "lazy-index.js");
  return path.basename(file) === "index.js" && existsSync(lazy) ? lazy : file;
};
