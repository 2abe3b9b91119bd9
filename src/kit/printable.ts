import { stripVTControlCharacters } from 'node:util'

/** Lines for a terminal, of which some may be a stranger's: without what would steer it. */
export function printable(lines: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return stripVTControlCharacters(lines).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '')
}
