// The kinds of HTML token, and the contexts in which a value may be put into a page.

export const TEXT = 0;
export const TAG_NAME = 1;
/** `>` after a tag's name or attributes. */
export const TAG_END = 2;
export const TAG_SELF_CLOSE = 3;
/** An end tag up to and with its `>`. */
export const END_TAG = 4;
export const ATTRIBUTE_NAME = 5;
export const ATTRIBUTE_VALUE = 6;
export const COMMENT = 7;
export const DOCTYPE = 8;

/** Where reading begins: in text, within a tag, or in a value whose opening quote stands before it. */
export const IN_TEXT = 0;
export const BEFORE_ATTRIBUTE = 1;
export const IN_SINGLE_QUOTES = 2;
export const IN_DOUBLE_QUOTES = 3;
export const IN_BACKTICKS = 4;

export type HtmlContext =
  | typeof IN_TEXT
  | typeof BEFORE_ATTRIBUTE
  | typeof IN_SINGLE_QUOTES
  | typeof IN_DOUBLE_QUOTES
  | typeof IN_BACKTICKS;
