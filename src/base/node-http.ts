// Node's HTTP/1.1, taken without an import: an import reads every name of the module, and among them are lazy ones that
// load a whole second HTTP client (undici), a twentieth of a second at each start.

export const http: typeof import('node:http') = process.getBuiltinModule('node:http');
