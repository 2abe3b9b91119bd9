import { Cell } from '../state/cell.ts'
import * as english from './en/index.ts'

/** The tree of all texts. Each language has the same one, which its type sees to. */
export type Messages = typeof english

export const LANGUAGES = ['en', 'zh-CN'] as const
export type Language = (typeof LANGUAGES)[number]

/** The others are loaded when they are wanted. */
const LOAD: Record<Language, () => Promise<Messages>> = {
  en: async () => english,
  'zh-CN': () => import('./zh-cn/index.ts'),
}

interface Spoken {
  readonly language: Language
  readonly messages: Messages
}

const spoken = new Cell<Spoken>({ language: 'en', messages: english })
let wanted: Language = 'en'

/** The texts of now: what reads them in a component is drawn again when the language changes. */
export const t = (): Messages => spoken.value.messages

/** The language of now, as BCP 47 has it: for `lang` attributes and `Intl`. */
export const language = (): Language => spoken.value.language

/**
 * Speaks another language once it is there. Rejects when it cannot be loaded; the last one that was asked for wins.
 */
export async function useLanguage(next: Language): Promise<void> {
  wanted = next
  const messages = await LOAD[next]()
  if (wanted === next && spoken.value.language !== next) spoken.value = { language: next, messages }
}

/** As `Intl` is to write it: the browser's own kind of the language of now, such as "en-GB", else that language. */
export function region(): string {
  const spokenLanguage = language()
  const written = writing(spokenLanguage)
  return browserLanguages.find((tag) => writing(tag) === written) ?? spokenLanguage
}

let browserLanguages: readonly string[] = []

/** Dates and numbers are then written as in the first region of the browser's list that writes the language of now. */
export function useRegions(languages: readonly string[]): void {
  browserLanguages = languages
}

/** "en-Latn" of "en-GB", "zh-Hant" of "zh-TW"; undefined of what is no tag of a language, which browsers have had. */
function writing(tag: string): string | undefined {
  try {
    const { language, script } = new Intl.Locale(tag).maximize()
    return `${language}-${script}`
  } catch {
    return undefined
  }
}

/** The first language of the browser's list that there is, else English. Any Chinese is better served by ours. */
export function preferredLanguage(languages: readonly string[]): Language {
  for (const tag of languages) {
    const base = tag.toLowerCase().split('-')[0]
    if (base === 'en') return 'en'
    if (base === 'zh') return 'zh-CN'
  }
  return 'en'
}
