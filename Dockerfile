# The web service: the API, the page and the sweep. No torch, no root, nothing written outside /data and /tmp.
FROM python:3.12-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/oneword
COPY pyproject.toml constraints.txt ./
COPY app/ app/
COPY worker/ worker/
COPY migrations/ migrations/
COPY clients/python/ clients/python/
RUN pip install --no-compile -c constraints.txt -e clients/python -e '.[postgres]'
COPY models/demo/ models/demo/
COPY examples/ examples/

FROM base AS schema
RUN oneword openapi > /openapi.json

FROM node:22-slim AS page
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
COPY --from=schema /openapi.json ./openapi.json
RUN npm run build

FROM base AS web
COPY --from=page /src/frontend/dist frontend/dist
RUN useradd --system --uid 10001 --home-dir /data oneword && install -d -o oneword /data
USER 10001
ENV ONEWORD_HOST=0.0.0.0 ONEWORD_DATA_DIR=/data ONEWORD_LOG_JSON=true
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "-m", "app.ops.web_server"]
