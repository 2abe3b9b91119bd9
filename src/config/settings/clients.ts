import { boolean } from '../types/boolean.ts'
import { featureFlags } from '../types/lists.ts'
import { setting } from './setting.ts'

/** What clients are told to do; a part of the settings of the vault. */
export const clientSettings = {
  clientSuppressOnboarding: setting({
    key: 'vault.client_suppress_onboarding',
    variable: 'CLIENT_SUPPRESS_ONBOARDING',
    type: boolean,
    default: false,
    help: 'Whether clients leave out what they show to new users: welcome pages, and the advice to install an extension.',
  }),
  experimentalClientFeatureFlags: setting<readonly string[]>({
    key: 'vault.experimental_client_feature_flags',
    variable: 'EXPERIMENTAL_CLIENT_FEATURE_FLAGS',
    type: featureFlags,
    default: [],
    help: 'What is switched on in clients.',
  }),
}
