import type { sends as english } from '../en/sends.ts'

export const sends: typeof english = {}
