import { baseUrl } from '../types/text.ts'
import { uuid } from './relay.ts'
import { optional } from './setting.ts'

/** To stand in for the Notifications service of an official server. (`spec/hub.md` §7.3) */
export const identitySettings = {
  authority: optional({
    key: 'hub.identity.authority',
    variable: 'globalSettings__baseServiceUri__internalIdentity',
    type: baseUrl,
    defaultText: "none: the users of the hub are this server's own",
    help:
      'Where the Identity service of that server answers, such as `http://identity:5000`. From then on its users are those ' +
      'of the hub, instead of our own, and its other services post notifications to `/send`.',
  }),
  installationId: optional({
    key: 'hub.identity.installation_id',
    variable: 'globalSettings__installation__id',
    type: uuid,
    defaultText: 'none: what is said to whole installations reaches nobody',
    help: 'The id of that server, by which it says things to all its users.',
  }),
}
