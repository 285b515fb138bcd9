/** A hand-over body, as an extraction pipeline would send it. */
export type SampleInvoice = Readonly<Record<string, unknown>> & { readonly id: string };
