import type { tools as english } from '../en/tools.ts'

export const tools: typeof english = {}
