import type { generator as english } from '../en/generator.ts'

export const generator: typeof english = {}
