import { appHubs } from '../hubs/app-hubs.ts'
import { optional } from './setting.ts'

/** SignalR hubs of the operator's own. */
export const hubsSettings = {
  hubs: optional({
    key: 'hubs',
    type: appHubs,
    defaultText: 'none',
    help: 'SignalR hubs of your own at `/hubs/<name>`, whose clients hear what is published.',
  }),
}
