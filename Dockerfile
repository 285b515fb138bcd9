# The invoice API as an image: docker build --tag invoice-api .
# What it is told by its environment is in apps/api/docs/production.md; nothing secret is in the image.

FROM node:20.20-bookworm-slim AS build
# better-sqlite3 is compiled where there is no ready-made binary for this Node.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends g++ make python3 \
  && rm -rf /var/lib/apt/lists/*
RUN npm install --global pnpm@10.34.9
WORKDIR /build
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml tsconfig.base.json ./
COPY apps/api/package.json apps/api/
COPY packages/db-isolation/package.json packages/db-isolation/
RUN pnpm install --frozen-lockfile
COPY apps/api/tsconfig.json apps/api/tsconfig.build.json apps/api/
COPY apps/api/src apps/api/src
RUN pnpm exec tsc -p apps/api/tsconfig.build.json
RUN pnpm --filter @acme/invoice-api --prod --legacy deploy /service

FROM node:20.20-bookworm-slim
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  PORT=3000 \
  DATABASE_URL=sqlite:///data/invoices.sqlite \
  STORAGE_DIR=/data/storage \
  LOAD_SAMPLES=false
# Only this directory can be written by the service, whose files belong to root.
RUN install --directory --owner=node --group=node --mode=0700 /data
WORKDIR /service
COPY --from=build /service/package.json ./
COPY --from=build /service/node_modules ./node_modules
COPY --from=build /service/dist ./dist
USER node
VOLUME /data
EXPOSE 3000
# Whether the process should be started anew; a balancer asks /readyz instead.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "dist/health-check.js"]
CMD ["node", "dist/main.js"]
