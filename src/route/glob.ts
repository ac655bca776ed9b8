// Path globs: `*` stays within a segment, `**` crosses segments. Nothing else is special, so every
// other character of a path means itself; a star itself is written %2A.

const STAR = '%2A';

/**
 * `/a/**` matches `/a` too: a guard on a folder holds for the folder's own address. A glob that does
 * not begin with a slash (`*.php`) is meant for files in any folder.
 */
export function compileGlob(text: string): (path: string) => boolean {
  const glob = text.startsWith('/') ? text : `**${text.replace(/^\*+/, '')}`;
  const star = glob.indexOf('*');
  const hasLiteral = glob.includes(STAR);
  if (star === -1 && !hasLiteral) return (path) => path === glob;
  if (glob === '**' || glob === '/**') return () => true;
  if (!hasLiteral && star === glob.length - 2 && glob.endsWith('/**')) {
    const folder = glob.slice(0, -3);
    const prefix = `${folder}/`;
    return (path) => path.startsWith(prefix) || path === folder;
  }
  const pattern = new RegExp(`^${translate(glob)}$`, 's');
  return (path) => pattern.test(path);
}

function translate(glob: string): string {
  return glob
    .split(/(%2A|\/\*\*\/|\/\*\*$|\*{2,}|\*)/)
    .map((part) => {
      if (part === STAR) return `(?:[*]|${STAR})`;
      if (part === '/**/') return '/(?:.*/)?';
      if (part === '/**') return '(?:/.*)?';
      if (part === '*') return '[^/]*';
      if (part.startsWith('**')) return '.*';
      return part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
    })
    .join('');
}
