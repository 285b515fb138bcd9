import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { auditOperations } from '../audit/openapi.ts';
import { keyOperations } from '../auth/openapi.ts';
import { documentResourceOperations } from '../documents/document-openapi.ts';
import { documentOperations } from '../documents/openapi.ts';
import { statusOperations } from '../http/status-openapi.ts';
import { editOperations } from '../invoices/edit-openapi.ts';
import { listOperations } from '../invoices/list-openapi.ts';
import { invoiceOperations } from '../invoices/openapi.ts';
import { probeOperations } from '../operations/openapi.ts';
import { invoiceReviewOperations } from '../review/invoice-review-openapi.ts';
import { reviewOperations } from '../review/openapi.ts';
import { docsOperations } from './openapi.ts';

/** Every operation of the service; a test compares them with the routes. */
const operations = [
  ...listOperations,
  ...invoiceOperations,
  ...editOperations,
  ...invoiceReviewOperations,
  ...documentResourceOperations,
  ...reviewOperations,
  ...documentOperations,
  ...auditOperations,
  ...keyOperations,
  ...docsOperations,
  ...statusOperations,
  ...probeOperations,
];

/** Makes the OpenAPI 3.1 document of the service from the schemas that read its requests. */
export function openApiDocument() {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key or a JWT. Not needed where the service runs for one machine without credentials.',
  });
  for (const operation of operations) {
    registry.registerPath(operation);
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Invoice review API',
      version: '1.0.0',
      description: 'Pipelines hand invoices over, people read, correct and confirm them.',
    },
  });
}
