/** Where a backup goes. */
export interface Target {
  /** A folder of its own for what must be a file before it can be added. Goes with `finish` and `discard`. */
  readonly workFolder: string
  /** Adds a file of exactly `size` bytes. Resolves when it was taken; rejects when there are fewer, or as `bytes` does. */
  add(name: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** Takes a file back; false where that cannot be. */
  remove(name: string): Promise<boolean>
  /** What was added is the backup, under its name and on disk. */
  finish(): Promise<void>
  /** There is to be no backup. */
  discard(): Promise<void>
}
