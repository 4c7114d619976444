export const anywhere: Readonly<Record<string, string>>;
export const nodeOnly: Readonly<Record<string, string>>;
