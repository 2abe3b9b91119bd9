import type { Options } from '#config'
import type { VaultSettings } from '#vault'
import { vaultSettings } from '../vault/vault-settings.ts'

/** Those that the vault reads whenever it needs one. What it has made of the others at the start stays. */
const LIVE = [
  'signupsAllowed',
  'signupsDomainsWhitelist',
  'signupsVerify',
  'signupsVerifyResend',
  'invitationsAllowed',
  'passwordIterations',
  'passwordHintsAllowed',
  'showsPasswordHint',
  'emailChangeAllowed',
  'requiresDeviceEmail',
  'maxNoteCharacters',
  'featureFlags',
  'suppressesOnboarding',
] as const satisfies readonly (keyof VaultSettings)[]

/** `started` with what a reload takes over of `next`. */
export function vaultInForce(started: Options['vault'], next: Options['vault']): Options['vault'] {
  return {
    ...started,
    ...Object.fromEntries(LIVE.map((name) => [name, next[name]])),
    twoFactor: { ...next.twoFactor, incompleteAfterMinutes: started.twoFactor.incompleteAfterMinutes },
    attachments: { ...started.attachments, maxBytesPerUser: next.attachments.maxBytesPerUser },
    sends: { ...next.sends, folder: started.sends.folder },
  }
}

/** The settings of a vault, which change under it. */
export class LiveVaultSettings {
  #current: VaultSettings
  /** Reads as the settings of the moment. */
  readonly settings: VaultSettings

  constructor(options: Options) {
    this.#current = vaultSettings(options)
    this.settings = Object.defineProperties(
      {},
      Object.fromEntries(
        Object.keys(this.#current).map((name) => [
          name,
          { enumerable: true, get: () => this.#current[name as keyof VaultSettings] },
        ]),
      ),
    ) as VaultSettings
  }

  take(inForce: Options): void {
    this.#current = vaultSettings(inForce)
  }
}
