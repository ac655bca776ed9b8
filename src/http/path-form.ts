// The page behind a path: what is the same for all posts, users and orders.

/** `/posts/17/edit` is one of many pages: numbers and random names stand for any. */
export function formOfPath(path: string): string {
  return path.replace(
    /(?<=\/)(?:[0-9]+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|(?=[\w-]*\d)[\w-]{20,})(?=\/|$)/gi,
    '*',
  );
}
