// Values made to be slow: repeated tokens, random bytes, near misses. The same for every run.

const TOKENS =
  'select union from where insert <script </script> alert( onerror= javascript: eval exec system cat /etc/passwd ' +
  '../ -- /* */ # ; | & && ` $( ) { } <img \' " = <> or and 1=1 sleep( php:// ${jndi:ldap bash -c content-type:';

export function hostileValues(length: number): Record<string, string> {
  const tokens = TOKENS.split(' ');
  const random = generator();
  const fill = (next: () => string) => {
    let value = '';
    while (value.length < length) value += next();
    return value.slice(0, length);
  };
  return {
    dashes: '-'.repeat(length),
    'less-than signs': '<'.repeat(length),
    tabs: '\t'.repeat(length),
    letters: 'a'.repeat(length),
    'line feeds': '\n'.repeat(length),
    'open quotes': fill(() => `'"`),
    'random bytes': fill(() => String.fromCharCode(random(256))),
    printable: fill(() => String.fromCharCode(32 + random(95))),
    marks: fill(() => '\'"`;|&<>(){}[]=-+*/\\$#@!~^,.:?%'[random(31)]!),
    'keyword soup': fill(() => tokens[random(tokens.length)]! + (random(3) === 0 ? '' : ' ')),
    'one token again and again': fill(() => 'union select '),
  };
}

function generator(): (below: number) => number {
  let state = 42;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
