// Places in the configuration: JSON pointers (RFC 6901) for the machine, paths for people.

/** The pointer of a key or an index below another pointer; the root is the empty text. */
export function pointerTo(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys of a pointer. */
export function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `sites["app.example.com"].routes[0].to`; empty for the root. */
export function readablePath(pointer: string): string {
  let path = '';
  for (const key of keysOf(pointer)) {
    if (/^[0-9]+$/.test(key)) path += `[${key}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(key)) path += path === '' ? key : `.${key}`;
    else path += `[${JSON.stringify(cut(key))}]`;
  }
  return path;
}

/** A text short enough for a message. */
export function cut(text: string, longest = 60): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
