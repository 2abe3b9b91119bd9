import type { signIn } from '../../i18n/en/sign-in.ts'

/** A second factor that can be used here. */
export interface TwoFactorMethod {
  /** By which servers know it. Spec: vault §2.4.4 */
  readonly provider: number
  readonly name: keyof typeof signIn.twoFactor.methods
}

/** Those that are known here, the best one first. */
const METHODS: readonly TwoFactorMethod[] = [
  { provider: 7, name: 'webAuthn' },
  { provider: 3, name: 'yubikey' },
  { provider: 0, name: 'authenticator' },
  { provider: 1, name: 'email' },
]

/** The way out for who has lost the others. */
export const RECOVERY: TwoFactorMethod = { provider: 8, name: 'recovery' }

/** What a user may choose of, with the recovery code at the end. */
export function methodsOf(providers: ReadonlyMap<number, unknown>): readonly TwoFactorMethod[] {
  return [...METHODS.filter(({ provider }) => providers.has(provider)), RECOVERY]
}
