import { ask } from './ask.ts'
import type { DoctorFetch } from './options.ts'
import { Place } from './place.ts'
import type { Walk } from './walk.ts'

/** As much of `fetch` as a login needs, over connections of the walk: to the same address, trusting the same authorities. */
export function trustingFetch(walk: Walk): DoctorFetch {
  return async (url, { method, headers, body, signal }) => {
    const { origin, pathname, search } = new URL(url)
    if (origin !== walk.place.url.origin) throw new Error(`a login asks ${walk.place.url.origin} only, not ${origin}`)
    const place = new Place(new URL(origin), walk.place.ca)
    place.address = walk.place.address
    place.isTrusted = walk.place.isTrusted
    const either = AbortSignal.any([walk.signal, signal])
    const answer = await ask(place, { method, path: pathname + search, headers, body }, either)
    return { status: answer.status, text: async () => answer.body }
  }
}
