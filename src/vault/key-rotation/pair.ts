import { badRequest } from '../errors.ts'

/** How the user reads of something that is encrypted with the user key: one of it, and all of it. */
export interface Noun {
  readonly one: string
  readonly all: string
}

/**
 * Each thing that is stored with what the client sent for it. Throws an ApiError unless that is everything there is, each
 * once, and nothing else: what was left out could never be read again.
 */
export function pair<Stored, Sent>(
  { one, all }: Noun,
  stored: readonly Stored[],
  idOfStored: (stored: Stored) => string,
  sent: ReadonlyMap<string, Sent>,
): [Stored, Sent][] {
  const pairs = stored.map((item): [Stored, Sent] => {
    const match = sent.get(idOfStored(item))
    if (match === undefined) throw badRequest(`All existing ${all} must be included in the rotation`)
    return [item, match]
  })
  if (sent.size > pairs.length) throw badRequest(`${one} doesn't exist`)
  return pairs
}

/** What the client sent, by id. Throws an ApiError when something is there twice, since one of the two must be wrong. */
export function byId<Sent>({ one }: Noun, sent: readonly Sent[], idOf: (sent: Sent) => string): Map<string, Sent> {
  const found = new Map(sent.map((item) => [idOf(item).toLowerCase(), item]))
  if (found.size < sent.length) throw badRequest(`${one} must not be there twice`)
  return found
}
