/** A request that no worker makes; its message is a sentence for the log, and for whoever asked. */
export class Refusal extends Error {}
