// The backend where nginx is not installed: files from memory, and an answer to every POST once it has been read.
// Arguments: the folder, the port.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [folder = '', port = ''] = process.argv.slice(2);
const files = new Map(readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]));

const server = createServer((request, response) => {
  const body = files.get(request.url ?? '');
  request.resume();
  request.once('end', () => {
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': 'text/plain',
      'content-length': body?.length ?? 0,
    });
    response.end(body);
  });
});
server.keepAliveTimeout = 300_000;
server.listen(Number(port), '127.0.0.1');
