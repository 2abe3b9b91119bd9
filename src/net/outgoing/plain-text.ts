/** Longest text of a stranger's that is worth a place in a log line. */
const MAX_LENGTH = 120

/** What a stranger said, fit for a log line: one line of printable ASCII without markup, cut where it is long. */
export function plainText(said: string): string {
  const text = said
    .replace(/<(?:style|script)[\s\S]*?(?:<\/(?:style|script)>|$)/gi, ' ')
    .replace(/<[^>]*>?/g, ' ')
    .replace(/[^\x21-\x7e]+/g, ' ')
    .trim()
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 3)}...`
}
