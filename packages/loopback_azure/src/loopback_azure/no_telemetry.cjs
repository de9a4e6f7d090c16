// Azurite loads its telemetry even when that is disabled: it takes more time than all the rest.
const Module = require("module");
const load = Module._load;
Module._load = (name, ...more) => (name === "applicationinsights" ? {} : load(name, ...more));
