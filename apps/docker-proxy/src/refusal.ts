/** A request that no worker makes. Its message is a sentence for the log and for the client. */
export class Refusal extends Error {}
