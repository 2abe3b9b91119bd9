import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether both texts are the same. How long the answer takes tells neither where they differ nor how long they are. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

const digest = (text: string) => createHash('sha256').update(text).digest()
