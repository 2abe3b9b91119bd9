import { t } from '../i18n/index.ts'

/** What is wrong with an address that was typed, in words. Whether it is one that can be used is the server's business. */
export function emailFault(text: string): string | undefined {
  const address = text.trim()
  if (address === '') return t().common.required
  return /^[^\s@]+@[^\s@]+$/.test(address) ? undefined : t().signIn.error.emailInvalid
}
