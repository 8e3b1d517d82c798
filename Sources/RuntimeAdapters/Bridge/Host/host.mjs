// Runs a JavaScript AWFAgentRuntime subclass, as it is, behind flightdeck's bridge protocol (PROTOCOL.md):
//
//   node host.mjs MODULE [EXPORT]
//
// MODULE is an ES or CommonJS module; EXPORT names the class or the instance in it, where that is not the default one or
// the only one. Nothing but the protocol reaches standard output: what the adapter prints goes to standard error.

import fs from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';

const PROTOCOL = 1;
const OLDEST = 18;
const REQUIRED = ['startTask', 'getStatus', 'cancelTask', 'getArtifacts', 'onEvent', 'runtimeId', 'getCapabilities'];
const OPTIONAL = ['answer', 'sendMessage', 'getPatch'];

// A description of our own, so that nothing that is done to process.stdout is done to the protocol.
const out = (() => {
  try {
    return fs.openSync('/dev/fd/1', 'a');
  } catch {
    return 1;
  }
})();
const writeSync = fs.writeSync;

function send(message) {
  let bytes;
  try {
    bytes = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', ...message }, plain)}\n`);
  } catch (error) {
    // A cycle, say. Whoever waits for the answer must still get one.
    if (message.id === undefined) return complain(`what it sent is no JSON: ${describe(error)}`);
    const reason = `The answer is no JSON: ${describe(error)}`;
    bytes = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, error: { code: -32603, message: reason } })}\n`);
  }
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(out, bytes, done);
    } catch (error) {
      if (error.code === 'EPIPE') process.exit(0);
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

const plain = (_, value) => {
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Error ? describe(value) : value;
};
const complain = (message) => send({ method: 'log', params: { level: 'error', message } });

function describe(error) {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : String(error?.message ?? error);
  return error.message && error.name !== 'Error' ? `${error.name}: ${error.message}` : error.message || error.name;
}

// The protocol's stream is nobody else's: console, process.stdout and descriptor 1 lead to standard error.
Object.defineProperty(process, 'stdout', { configurable: true, get: () => process.stderr });
for (const name of ['write', 'writeSync', 'writev', 'writevSync']) {
  const original = fs[name];
  fs[name] = (descriptor, ...rest) => original(descriptor === 1 ? 2 : descriptor, ...rest);
}
module.syncBuiltinESMExports();

// What is thrown late belongs to no call, and ends nothing.
process.on('uncaughtException', (error) => complain(`uncaught: ${error?.stack ?? describe(error)}`));
process.on('unhandledRejection', (error) => complain(`unhandled rejection: ${error?.stack ?? describe(error)}`));

// The base class, for adapters that come without one of their own.
globalThis.AWFAgentRuntime = globalThis.AWFAgentRuntime || class AWFAgentRuntime {
  get runtimeId() { throw new Error('runtimeId is not implemented'); }
  onEvent() { throw new Error('onEvent is not implemented'); }
  async getCapabilities() { throw new Error('getCapabilities is not implemented'); }
  async startTask() { throw new Error('startTask is not implemented'); }
  async getStatus() { throw new Error('getStatus is not implemented'); }
  async cancelTask() { throw new Error('cancelTask is not implemented'); }
  async getArtifacts() { throw new Error('getArtifacts is not implemented'); }
};

// `import … from './AWFAgentRuntime.js'` finds the adapter's own; only where that file is missing, ours takes its place.
const baseName = /(^|\/)AWFAgentRuntime(\.[cm]?js)?$/;
const resolveFilename = module._resolveFilename;
module._resolveFilename = function (request, ...rest) {
  try {
    return resolveFilename.call(this, request, ...rest);
  } catch (error) {
    if (!baseName.test(request)) throw error;
    const name = 'flightdeck:AWFAgentRuntime';
    if (!module._cache[name]) {
      const base = new module(name);
      base.exports = Object.assign(globalThis.AWFAgentRuntime, { AWFAgentRuntime: globalThis.AWFAgentRuntime });
      base.loaded = true;
      module._cache[name] = base;
    }
    return name;
  }
};
if (typeof module.register === 'function') {
  const source = 'const base = globalThis.AWFAgentRuntime; export default base; export { base as AWFAgentRuntime };';
  const hooks = `
    const url = ${JSON.stringify(`data:text/javascript,${encodeURIComponent(source)}`)};
    export async function resolve(specifier, context, next) {
      try {
        return await next(specifier, context);
      } catch (error) {
        if (!${baseName}.test(specifier)) throw error;
        return { url, format: 'module', shortCircuit: true };
      }
    }`;
  module.register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}

// MARK: The adapter

let adapter;

const isClass = (value) => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
const isBase = (value) => value === globalThis.AWFAgentRuntime || value?.name === 'AWFAgentRuntime';

// Whether a value could be an adapter: an instance, or a class or constructor of one.
function isLikely(value) {
  if (value === null || value === undefined || isBase(value)) return false;
  const object = typeof value === 'function' ? value.prototype : value;
  if (object === null || typeof object !== 'object') return false;
  return REQUIRED.some((name) => name in object);
}

function choose(exports, file, wanted) {
  const all = new Map();
  const inner = exports.default;
  if (inner !== null && typeof inner === 'object' && !isLikely(inner)) {
    for (const [name, value] of Object.entries(inner)) all.set(name, value);
  }
  for (const [name, value] of Object.entries(exports)) all.set(name, value);
  const names = [...all.keys()].filter((name) => name !== 'module.exports').join(', ') || 'nothing';
  if (wanted !== undefined) {
    if (all.has(wanted)) return all.get(wanted);
    throw new Error(`${file} does not export ${wanted}. It exports ${names}.`);
  }
  if (isLikely(inner) || (typeof inner === 'function' && !isBase(inner))) return inner;
  const likely = new Map([...all].filter(([, value]) => isLikely(value)).map(([name, value]) => [value, name]));
  if (likely.size === 1) return likely.keys().next().value;
  if (likely.size === 0) throw new Error(`${file} exports no AWFAgentRuntime. It exports ${names}.`);
  throw new Error(`${file} exports several: ${[...likely.values()].join(', ')}. Say which with "export".`);
}

async function construct(found, options) {
  const given = options === null || options === undefined ? [] : [options];
  if (typeof found !== 'function') return found;
  if (isClass(found) || isLikely(found)) return new found(...given);
  return await found(...given);
}

// Whether a member is there, and is more than the base class's word that it is not.
function isImplemented(instance, name) {
  let owner = instance;
  while (owner && !Object.prototype.hasOwnProperty.call(owner, name)) owner = Object.getPrototypeOf(owner);
  if (!owner) return false;
  const property = Object.getOwnPropertyDescriptor(owner, name);
  const code = property.get ?? property.value;
  if (name !== 'runtimeId' && typeof code !== 'function') return false;
  if (owner.constructor?.name !== 'AWFAgentRuntime' || owner === instance || typeof code !== 'function') return true;
  return !/\bthrow\b|\breject\s*\(/.test(Function.prototype.toString.call(code));
}

async function initialize({ options } = {}) {
  if (Number.parseInt(process.versions.node, 10) < OLDEST) {
    throw new Error(
      `a JavaScript adapter needs Node.js ${OLDEST} or newer, and ${process.execPath} is ${process.versions.node}: ` +
      'update it, or name a newer one with "node"');
  }
  const [file, wanted] = process.argv.slice(2);
  if (file === undefined) throw new Error('usage: node host.mjs MODULE [EXPORT]');
  if (adapter === undefined) {
    let exports;
    try {
      exports = await import(pathToFileURL(path.resolve(file)).href);
    } catch (error) {
      const isModule = error instanceof SyntaxError && /import statement|Unexpected token 'export'/.test(error.message);
      const remedy = isModule ? ' An ES module is named .mjs, or has "type": "module" in its package.json.' : '';
      throw new Error(`${file} cannot be loaded: ${describe(error)}.${remedy}`);
    }
    const instance = await construct(choose(exports, file, wanted), options);
    if (instance === null || typeof instance !== 'object') throw new Error(`${file} made no AWFAgentRuntime.`);
    if (isImplemented(instance, 'onEvent')) await instance.onEvent(forward);
    adapter = instance;
  }
  const members = [...REQUIRED, ...OPTIONAL].filter((name) => isImplemented(adapter, name));
  const name = adapter.constructor?.name;
  return { protocol: PROTOCOL, name: name === 'Object' ? path.basename(file) : name, members };
}

// An event of the adapter's; some call their handlers with a type and what belongs to it.
function forward(first, second) {
  const event = typeof first === 'string' ? { ...second, type: first } : first;
  send({ method: 'event', params: event });
}

async function runtimeId() {
  return await (typeof adapter.runtimeId === 'function' ? adapter.runtimeId() : adapter.runtimeId);
}

const methods = {
  initialize,
  runtimeId,
  getCapabilities: () => adapter.getCapabilities(),
  startTask: ({ contract }) => adapter.startTask(contract),
  getStatus: ({ runId }) => adapter.getStatus(runId),
  cancelTask: ({ runId, reason }) => adapter.cancelTask(runId, reason),
  getArtifacts: ({ runId }) => adapter.getArtifacts(runId),
  answer: ({ runId, attentionId, answer }) => adapter.answer(runId, attentionId, answer),
  sendMessage: ({ runId, message }) => adapter.sendMessage(runId, message),
  getPatch: ({ runId }) => adapter.getPatch(runId),
};

function fault(error) {
  const message = describe(error);
  if (Number.isInteger(error?.code) && error.code <= -32000) return { code: error.code, message };
  const isUnknown = /\b(unknown|no such) (run|task)\b|\b(run|task)\b.*\bnot found\b/i.test(message);
  return { code: isUnknown ? -32001 : -32000, message };
}

async function take(line) {
  let call;
  try {
    call = JSON.parse(line);
  } catch {
    return complain('a line on standard input is no JSON');
  }
  const { id, method, params } = call;
  if (id === undefined) return;
  const isKnown = Object.prototype.hasOwnProperty.call(methods, method);
  if (!isKnown || (OPTIONAL.includes(method) && !isImplemented(adapter ?? {}, method))) {
    return send({ id, error: { code: -32601, message: `there is no ${method}` } });
  }
  if (adapter === undefined && method !== 'initialize') {
    return send({ id, error: { code: -32000, message: 'initialize comes first' } });
  }
  try {
    send({ id, result: (await methods[method](params ?? {})) ?? null });
  } catch (error) {
    send({ id, error: fault(error) });
  }
}

const input = readline.createInterface({ input: process.stdin, crlfDelay: Infinity });
input.on('line', take);
// Whoever has started us is gone, or wants us to go.
input.on('close', () => process.exit(0));
