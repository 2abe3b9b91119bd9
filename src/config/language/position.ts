/** Where something stands in a config file. */
export interface Position {
  /** Path of the file as it was named on the command line or reached by `include`. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** In bytes. As nats-server counts: from 0 on the first line, from 1 on all others. */
  readonly column: number
}

/** `<file>:<line>:<column>`, as in front of nats-server's messages. */
export function formatPosition({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}
