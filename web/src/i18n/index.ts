/** What the pages say, in the language of whoever looks at them. */

export { formatBytes, formatDate, formatDateTime, formatNumber, formatRelative, localeCollator } from './format.ts'
export {
  LANGUAGES,
  type Language,
  language,
  type Messages,
  preferredLanguage,
  t,
  useLanguage,
  useRegions,
} from './language.ts'
