# The cloud. Build in the project's folder: docker build -f deploy/cloud.Dockerfile .
FROM node:24-bookworm-slim AS modules
WORKDIR /opt/holdfast
COPY package.json package-lock.json .npmrc ./
# No scripts: the native modules bring their binaries. The image has its own Node.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
RUN useradd --system --uid 990 --home-dir /var/lib/holdfast --create-home holdfast \
    && install -d -o holdfast -g holdfast /var/cache/holdfast
WORKDIR /opt/holdfast
COPY --from=modules /opt/holdfast/node_modules node_modules
COPY . .
ENV NODE_ENV=production NODE_COMPILE_CACHE=/var/cache/holdfast
USER holdfast
WORKDIR /var/lib/holdfast
VOLUME ["/var/lib/holdfast", "/var/cache/holdfast"]
ENTRYPOINT ["node", "/opt/holdfast/bin/holdfast.js", "cloud"]
