// The one form in which request text reaches the rules: a name and a value, both byte strings (a char is a byte).

/** One member of a collection such as ARGS. The name may be empty, and names may repeat: every member is kept. */
export interface Named {
  readonly name: string;
  readonly value: string;
}
