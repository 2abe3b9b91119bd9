/** For tests elsewhere: `nats.ws`, the client that NATS' documentation of its WebSockets is about, lives with this folder. */
export { connect as natsWsConnect } from 'nats.ws'
